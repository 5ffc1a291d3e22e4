import { describeKit, storeKit } from '@caisson/compliance';
import { compliance } from './index.js';

describeKit(storeKit, compliance.kits[0].harness, { describe, it });
