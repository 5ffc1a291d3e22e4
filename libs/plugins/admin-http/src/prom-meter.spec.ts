import { PromMeter } from './prom-meter.js';

describe('PromMeter', () => {
  it('gives the same instrument for one name', async () => {
    const meter = new PromMeter();
    const counter = meter.counter({ name: 'a_total', help: 'A.' });
    counter.add(1);
    expect(meter.counter({ name: 'a_total', help: 'A.' })).toBe(counter);
    expect(await meter.exposition()).toContain('caisson_a_total 1');
  });

  it('refuses two instruments of one name (METER-1)', () => {
    const meter = new PromMeter();
    meter.counter({ name: 'a', help: 'A.', labels: ['x'] });
    expect(() => meter.gauge({ name: 'a', help: 'A.', labels: ['x'] })).toThrow('METER-1');
    expect(() => meter.counter({ name: 'a', help: 'A.', labels: ['y'] })).toThrow('METER-1');
  });

  it('asks observed gauges at each scrape, and survives one that fails', async () => {
    const meter = new PromMeter();
    let size = 3;
    meter.gauge({ name: 'size_bytes', help: 'Size.' }, () => size);
    let samples = [{ labels: { key: 'a' }, value: 3 }];
    meter.gauge({ name: 'parts', help: 'Parts.', labels: ['key'] }, () => samples);
    expect(await meter.exposition()).toContain('caisson_parts{key="a"} 3');
    samples = [{ labels: { key: 'b' }, value: 4 }];
    expect(await meter.exposition()).not.toContain('key="a"');
    meter.gauge({ name: 'broken', help: 'Broken.' }, () => {
      throw new TypeError('broken');
    });
    expect(await meter.exposition()).toContain('caisson_size_bytes 3');
    size = 4;
    expect(await meter.exposition()).toContain('caisson_size_bytes 4');
  });

  it('sorts what histograms record into their buckets, and keeps labels apart', async () => {
    const meter = new PromMeter();
    const histogram = meter.histogram({
      name: 'entries',
      help: 'Entries.',
      buckets: [1, 10],
      labels: ['group'],
    });
    for (const value of [1, 5, 50]) histogram.record(value, { group: '1' });
    meter.gauge({ name: 'level', help: 'Level.', labels: ['group'] }).set(7, { group: '2' });
    const lines = (await meter.exposition()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'caisson_entries_bucket{le="10",group="1"} 2',
        'caisson_entries_count{group="1"} 3',
        'caisson_level{group="2"} 7',
      ]),
    );
  });

  it('counts apart from another one in the same process', async () => {
    const [one, two] = [new PromMeter(), new PromMeter()];
    one.counter({ name: 'a_total', help: 'A.' }).add(1);
    two.counter({ name: 'a_total', help: 'A.' }).add(5);
    expect(await one.exposition()).toContain('caisson_a_total 1');
  });
});
