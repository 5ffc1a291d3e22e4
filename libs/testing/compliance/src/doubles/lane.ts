import { createDeferred } from '@caisson/base';

/** One task after the other, in the order of the calls. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = createDeferred<T>();
    this.#last = this.#last.then(() => task().then(resolve, reject));
    return promise;
  }
}
