import { useEffect, useState, type ReactElement, type ReactNode } from "react";

/** Copies a text, and says that it did. */
export function CopyButton({
  text,
  children,
  label,
  className,
}: {
  text: string | (() => string);
  children: ReactNode;
  label?: string;
  className?: string;
}): ReactElement {
  const [said, setSaid] = useState<string>();
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => setSaid(undefined), 1500);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button
      type="button"
      className={className}
      title={label}
      onClick={() => void copy(typeof text === "string" ? text : text()).then((done) => setSaid(done ? "Copied" : "Not allowed here"))}
    >
      <span aria-live="polite">{said ?? children}</span>
    </button>
  );
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https other than loopback there is no clipboard interface.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
