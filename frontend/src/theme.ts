// The choice of a theme takes effect where one stands, so that nothing typed is lost; without scripts it is posted.

export function watchTheme(): void {
  const form = document.querySelector<HTMLFormElement>("form.themes");
  form?.addEventListener("submit", (event) => {
    const button = (event as SubmitEvent).submitter;
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const body = new FormData(form, button);
    fetch(form.action, { method: "POST", body, credentials: "same-origin", redirect: "manual" }).catch(
      () => {},
    );
    show(button.value);
    for (const other of form.querySelectorAll("button")) other.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
  });
}

function show(theme: string): void {
  document.documentElement.dataset.theme = theme;
  const meta = document.querySelector<HTMLMetaElement>('meta[name="color-scheme"]');
  if (meta) meta.content = theme === "system" ? "light dark" : theme;
}
