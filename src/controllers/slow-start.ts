/**
 * Runs `task` `count` times in batches of 1, 2, 4, … so that a fault that hits all of them (a quota, a bad
 * template) costs one request and not hundreds. Stops after a batch with a failure.
 *
 * @returns how many succeeded, and the first failure.
 */
export async function slowStart(
  count: number,
  task: (index: number) => Promise<unknown>,
): Promise<{ succeeded: number; failure?: unknown }> {
  let started = 0;
  let succeeded = 0;
  for (let size = 1; started < count; size *= 2) {
    const batch = Math.min(size, count - started);
    const first = started;
    const results = await Promise.allSettled(
      Array.from({ length: batch }, (_, index) => task(first + index)),
    );
    started += batch;
    succeeded += results.filter(({ status }) => status === 'fulfilled').length;
    const failed = results.find(result => result.status === 'rejected');
    if (failed) return { succeeded, failure: failed.reason };
  }
  return { succeeded };
}
