// The few pictures the pages need, drawn with one stroke width. They are decoration: the words beside them say it.

const PATHS = {
  simulations: "M4 19V9m5 10V5m5 14v-7m5 7V8",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 9c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.4a3.5 3.5 0 0 1 0 6.2M18 14.6c2.1.9 3.5 2.8 3.5 5.4",
  intervention: "M10 3v6L4.5 18.5A1.7 1.7 0 0 0 6 21h12a1.7 1.7 0 0 0 1.5-2.5L14 9V3M8 3h8M7.5 14.5h9",
  validation: "M12 3v18M5 7h14M5 7l-3 7a3.2 3.2 0 0 0 6 0L5 7Zm14 0-3 7a3.2 3.2 0 0 0 6 0l-3-7ZM8 21h8",
  api: "m8 7-5 5 5 5m8-10 5 5-5 5M13.5 4l-3 16",
  settings:
    "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Zm-7 10a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  designer: "M4 4h6v5H4zM14 15h6v5h-6zM4 15h6v5H4zM7 9v6m3 2.5h4",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm0-13v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4m0-12.8L17 7M7 17l-1.4 1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 5v14m8-14v14",
  download: "M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M4 20h16",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm4.8-1.7L20 20",
  plus: "M12 5v14M5 12h14",
  close: "m6 6 12 12M18 6 6 18",
  warning: "M12 9v5m0 3v.01M10.3 4.3 2.6 18a2 2 0 0 0 1.7 3h15.4a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0Z",
  check: "m5 12.5 4.5 4.5L19 7.5",
  share:
    "M8.5 13.5l7 4m0-11-7 4M6 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM18 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm0 14a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  key: "M14.5 14a5.5 5.5 0 1 0-5-3.2L3 17.3V21h4v-2.5h2.5V16l1.7-1.7a5.5 5.5 0 0 0 3.3-.3Zm1.5-6v.01",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5m5 5H10a6 6 0 0 0 0 12h3",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5m4-5v5",
  code: "m8 7-5 5 5 5m8-10 5 5-5 5",
  chat: "M4 5h16v11H9l-5 4z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
