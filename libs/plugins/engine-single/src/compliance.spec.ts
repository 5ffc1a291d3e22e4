import { describeKit, engineKit } from '@caisson/compliance';
import { engineHarness } from './testdata/engine-harness.js';

describeKit(engineKit, engineHarness, { describe, it });
