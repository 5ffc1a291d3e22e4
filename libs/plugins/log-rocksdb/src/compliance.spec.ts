import { describeKit, logKit } from '@caisson/compliance';
import { compliance } from './index.js';

describeKit(logKit, compliance.kits[0].harness, { describe, it });
