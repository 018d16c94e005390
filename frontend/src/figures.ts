// Numbers in a result as people read them; dashboard/figures.py writes them the same way.

import { bytes } from "./format";

/** An id, a year or a port is a name made of digits: nobody counts with it. */
const NAME = /(?:(?:^|[^a-z])(?:id|year|code|zip|pid|port|phone|no|number)|번호|코드|연도|년도)$/i;
const BYTES = /(?:^|[^a-z])bytes$/i;
/** From here on our numbers are not exact. */
const EXACT = 1e15;

/** `n` with its thousands apart and as many digits as say something; in bytes where its `name` says so. */
export function figure(n: number | bigint, name = ""): string {
  if (typeof n === "bigint") return String(n);
  const size = Math.abs(n);
  if (size >= EXACT || (Number.isInteger(n) && NAME.test(name))) return String(n);
  if (n >= 0 && Number.isInteger(n) && BYTES.test(name)) return bytes(n);
  if (Number.isInteger(n)) return grouped(String(n));
  if (size < 1e-4) return n.toExponential(2);
  const decimals = size >= 1 ? 2 : 2 - Math.floor(Math.log10(size));
  return grouped(n.toFixed(decimals).replace(/\.?0+$/, ""));
}

function grouped(digits: string): string {
  const [whole = "", rest] = digits.split(".");
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? apart : `${apart}.${rest}`;
}
