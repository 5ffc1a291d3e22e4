import { compressorKit, describeKit } from '@caisson/compliance';
import { compliance } from './compliance.js';

describeKit(compressorKit, compliance.kits[0].harness, { describe, it });
