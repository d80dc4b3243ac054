/** The indexes of an Indexed Job as text, `1,3-5`: pkg/apis/batch/validation reads it strictly. */

type Interval = readonly [first: number, last: number];

/** What is wrong with the text, in upstream's words. */
class IndexesError extends Error {
  override name = 'IndexesError';
}

/** How many indexes the text names, or what is wrong with it. All must be below `completions`, and ascend. */
export function countIndexes(text: string, completions: number): { total: number } | { error: string } {
  let total = 0;
  let previous: number | undefined;
  try {
    for (const part of text === '' ? [] : text.split(',')) {
      const [first, last] = readInterval(part, completions);
      if (previous !== undefined && previous >= first) throw notIncreasing(previous, first);
      total += last - first + 1;
      previous = last;
    }
    return { total };
  } catch (error) {
    if (error instanceof IndexesError) return { error: error.message };
    throw error;
  }
}

/** The first index both texts name; parts that cannot be read are passed over. */
export function firstOverlap(completed: string, failed: string, completions: number): number | undefined {
  const [some, others] = [completed, failed].map(text => readable(text, completions)) as [
    Interval[],
    Interval[],
  ];
  for (let i = 0, j = 0; i < some.length && j < others.length; ) {
    const [a, b] = [some[i]!, others[j]!];
    if (a[0] <= b[1] && b[0] <= a[1]) return Math.max(a[0], b[0]);
    if (a[0] <= b[0]) i++;
    else j++;
  }
  return undefined;
}

function readable(text: string, completions: number): Interval[] {
  return text.split(',').flatMap(part => {
    try {
      return [readInterval(part, completions)];
    } catch (error) {
      if (error instanceof IndexesError) return [];
      throw error;
    }
  });
}

function readInterval(text: string, completions: number): Interval {
  const parts = text.split('-');
  if (parts.length > 2) {
    const what = 'violates the requirement that an index interval can have at most two parts';
    throw new IndexesError(`the fragment ${JSON.stringify(text)} ${what} separated by '-'`);
  }
  const [first, last] = parts.map(part => readIndex(part, completions)) as [number, number?];
  if (last === undefined) return [first, first];
  if (first >= last) throw notIncreasing(first, last);
  return [first, last];
}

function readIndex(text: string, completions: number): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new IndexesError(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  }
  if (Number(text) >= completions) throw new IndexesError(`too large index: ${JSON.stringify(text)}`);
  return Number(text);
}

function notIncreasing(previous: number, current: number): IndexesError {
  return new IndexesError(`non-increasing order, previous: ${previous}, current: ${current}`);
}
