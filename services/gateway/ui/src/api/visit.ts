// Where this visit has its pages and its API. A page behind a link that was shared stands below `/ui/shared/<link>/` and asks
// `/shared/<link>/…`: the platform shows one simulation there, to be read, and nothing else. No state: the address is all.

const found = /^\/ui(\/shared\/([^/]+))?(?=\/|$)/.exec(location.pathname);
const place = found?.[1] ?? "";

/** Whether somebody looks at what was shared with them. */
export const isGuest = place !== "";
/** Whether the link itself lets them in; otherwise they say who they are. */
export const isByLink = (found?.[2] ?? "").startsWith("rk_");
export const pagesAt = `/ui${place}`;
export const apiAt = place;
