// A value once it has stopped changing, so that the platform is not asked at every key.

import { useDebouncedValue } from "@mantine/hooks";

const SETTLED_MS = 500;

export const useSettled = <T>(value: T): T => useDebouncedValue(value, SETTLED_MS)[0];
