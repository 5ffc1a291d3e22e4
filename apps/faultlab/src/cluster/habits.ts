/**
 * What clients may do besides reading and writing in good order.
 *
 * `impatient`: they give an attempt hardly any time and repeat it under its request id. `hedging`: they send
 * one write to two nodes at once. `large`, `empty`: so are their values. `scanning`: they read page by page
 * and take their time. `stubborn`: they stay with the node that answered last, whether it leads or not.
 */
export const HABITS = ['impatient', 'hedging', 'large', 'empty', 'scanning', 'stubborn'] as const;
export type Habit = (typeof HABITS)[number];

/** The habits of all clients of a storm. */
export class KvHabits {
  readonly #on = new Set<Habit>();

  has(habit: Habit): boolean {
    return this.#on.has(habit);
  }

  /** Whether that is a change. */
  set(habit: Habit, isOn: boolean): boolean {
    const isChange = this.#on.has(habit) !== isOn;
    if (isOn) this.#on.add(habit);
    else this.#on.delete(habit);
    return isChange;
  }

  calm(): void {
    this.#on.clear();
  }
}
