// What is shown while a page or its data is on the way.

import { Skeleton, Stack } from "@mantine/core";

export function Loading() {
  return (
    <Stack gap="md" aria-busy="true" mt="sm">
      <Skeleton height={36} width="40%" radius="md" />
      <Skeleton height={120} radius="md" />
      <Skeleton height={220} radius="md" />
    </Stack>
  );
}
