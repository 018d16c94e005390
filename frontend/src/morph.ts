// What the server has written anew, taken over in place: what is the same is not touched, so that nothing loses its
// focus, closes, or moves.

/** Make `old` hold what `fresh` holds. Elements with an id are found again by it, all others by their place. */
export function morph(old: Element, fresh: Element): void {
  const named = new Map([...old.children].filter(({ id }) => id).map((child) => [child.id, child]));
  let at: ChildNode | null = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const id = node instanceof Element ? node.id : "";
    const same: ChildNode | null | undefined = id ? named.get(id) : at;
    if (same && isAlike(same, node)) {
      if (same === at) at = at.nextSibling;
      else old.insertBefore(same, at);
      update(same, node);
    } else old.insertBefore(node, at);
  }
  while (at) {
    const gone: ChildNode = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function isAlike(old: ChildNode, fresh: ChildNode): boolean {
  return old.nodeName === fresh.nodeName && (!(old instanceof Element) || old.id === (fresh as Element).id);
}

function update(old: ChildNode, fresh: ChildNode): void {
  if (!(old instanceof Element) || !(fresh instanceof Element)) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && !isReaders(old, name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value && !isReaders(old, name)) old.setAttribute(name, value);
  // What an element of ours shows, it writes itself.
  if (!old.localName.includes("-")) morph(old, fresh);
}

/** Whether the reader has chosen this. */
const isReaders = (element: Element, name: string): boolean =>
  element.localName === "details" && name === "open";
