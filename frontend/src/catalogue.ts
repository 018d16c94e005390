// PURE. How well a task answers to what was typed; dashboard/catalogue.py counts the same way, and one file of examples
// (tests/data/catalogue.json) drives the tests of both.

const BETWEEN_WORDS = /[\s._/()-]+/;

export function score(words: string[], title: string, name: string, description: string): number {
  const [head, path, about] = [fold(title), fold(name), fold(description)];
  const parts = `${head} ${path.slice(path.lastIndexOf(".") + 1)}`.split(BETWEEN_WORDS);
  let points = 0;
  for (const word of words) {
    if (head.startsWith(word)) points += 8;
    else if (parts.some((part) => part.startsWith(word))) points += 6;
    else if (head.includes(word) || path.includes(word)) points += 3;
    else if (about.includes(word)) points += 1;
    else return 0;
  }
  return points;
}

/** The words of a query, as they are compared. */
export const wordsOf = (query: string): string[] => fold(query).split(/\s+/).filter(Boolean);

const fold = (text: string): string => text.normalize("NFC").toLowerCase();
