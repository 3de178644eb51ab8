import { useEffect, useLayoutEffect } from "react";

const brand = "Lexiscope";

function show(title: string): void {
  document.title = title === "" ? brand : `${title} · ${brand}`;
}

/** The tab's title while a screen is shown, beyond what its address says: `Feature 12: whales`. */
export function useTitle(title: string): void {
  useEffect(() => show(title), [title]);
}

/** The title that the address alone gives; a screen's own comes after it (layout effects run before effects). */
export function useAddressTitle(path: string, atlas: string | undefined): void {
  const title = addressTitle(path, atlas);
  useLayoutEffect(() => show(title), [title]);
}

export function addressTitle(path: string, atlas: string | undefined): string {
  const [screen = "", , third] = path.split("/").slice(1);
  if (screen === "") return "";
  const name = screen.charAt(0).toUpperCase() + screen.slice(1);
  if (screen === "atlas") return [third === undefined ? "Atlas" : `Feature ${third}`, atlas].filter(Boolean).join(" · ");
  return ["inspect", "chat", "lists"].includes(screen) && atlas !== undefined ? `${name} · ${atlas}` : name;
}
