import { proveKit, transportKit } from '@caisson/compliance';
import { simulatedTransportHarness } from '../transport/transport-harness.js';
import { transportMutants } from './transport-mutants.js';

proveKit(transportKit, () => simulatedTransportHarness(), transportMutants, { describe, it });
