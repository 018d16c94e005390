// The words of the scripts. The English text is the key; `<html lang>` chooses, as it does for the server's pages.

declare global {
  /** Korean words by their English ones, where korean.ts has been loaded. */
  var taskcastKorean: Readonly<Record<string, string>> | undefined;
}

/** The reader's words for `text`, with `{name}` replaced. */
export function t(text: string, values: Record<string, string | number> = {}): string {
  const words = language() === "ko" ? (globalThis.taskcastKorean?.[text] ?? text) : text;
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export const language = (): string => document.documentElement.lang.slice(0, 2) || "en";
