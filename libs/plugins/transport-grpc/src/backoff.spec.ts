import { SeededRandom } from '@caisson/compliance';
import { Backoff } from './backoff.js';

test('pauses double up to the longest, never below half, and begin anew after a success', () => {
  const backoff = new Backoff(new SeededRandom(1), { backoffMsMin: 100, backoffMsMax: 1000 });
  for (let round = 0; round < 50; round++) {
    for (const whole of [100, 200, 400, 800, 1000, 1000]) {
      const pause = backoff.nextMs();
      expect(pause).toBeGreaterThanOrEqual(whole / 2);
      expect(pause).toBeLessThanOrEqual(whole);
    }
    backoff.reset();
  }
});
