import { applyTheme } from "./state/theme.ts";

applyTheme();
void show();

/** One part after another: each is evaluated as a task of its own. */
async function show(): Promise<void> {
  await import("react-dom/client"); // before what needs it
  const { showPage } = await import("./root.tsx");
  const element = document.getElementById("root");
  if (element) showPage(element);
}
