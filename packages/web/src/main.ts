import { applyTheme } from "./state/theme.ts";
import "./styles/base.css";

applyTheme();
await import("react-dom/client"); // run as a task of its own, before what needs it
const { showPage } = await import("./root.tsx");
const element = document.getElementById("root");
if (element) showPage(element);
