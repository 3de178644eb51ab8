import type { Overlay } from "@lexiscope/atlas";
import { isHeld } from "@lexiscope/core";

/** An overlay that has no names to show for as long as another process holds its file. */
export function withoutHeldNames(overlay: Overlay): Overlay {
  const orElse = <T>(nothing: T, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (isHeld(error, overlay.path)) return nothing;
      throw error;
    }
  };
  return {
    ...overlay,
    label: (feature) => orElse(undefined, () => overlay.label(feature)),
    labelsOf: (features) => orElse(new Map(), () => overlay.labelsOf(features)),
    findLabels: (query) => orElse([], () => overlay.findLabels(query)),
    listsWith: (feature) => orElse([], () => overlay.listsWith(feature)),
    counts: () => orElse({ labels: 0, lists: 0, foreign: 0 }, () => overlay.counts()),
  };
}
