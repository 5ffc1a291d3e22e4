/**
 * The one writer of a group's store. Tasks run one after the other in the order they came, so that whoever
 * needs many turns alternates with everybody else.
 */
export class WriterQueue {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(task, task);
    this.#tail = done.catch(() => undefined);
    return done;
  }
}
