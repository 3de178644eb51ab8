/** A text that this browser keeps, shared by everything on the page and by its other tabs. */
export interface Stored {
  read: () => string | null;
  /** Null forgets it. */
  write: (value: string | null) => void;
  /** Calls back after every change; returns what ends that. */
  subscribe: (listener: () => void) => () => void;
}

export function stored(name: string): Stored {
  const key = `lexiscope.${name}`;
  const listeners = new Set<() => void>();
  const read = (): string | null => localStorage.getItem(key);
  const tell = (event: StorageEvent): void => {
    if (event.key === key || event.key === null) for (const listener of listeners) listener();
  };
  const subscribe = (listener: () => void): (() => void) => {
    if (listeners.size === 0) addEventListener("storage", tell);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) removeEventListener("storage", tell);
    };
  };
  return {
    read,
    write: (value) => {
      if (value === read()) return;
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
      for (const listener of listeners) listener();
    },
    subscribe,
  };
}
