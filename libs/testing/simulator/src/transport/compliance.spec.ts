import { describeKit, transportKit } from '@caisson/compliance';
import { simulatedTransportHarness } from './transport-harness.js';

describeKit(transportKit, () => simulatedTransportHarness(), { describe, it });
