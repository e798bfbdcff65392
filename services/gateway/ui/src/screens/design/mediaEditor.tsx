// Pictures and films of a variant, as links with what is to be seen in words: agents read the words.

import { ActionIcon, Button, Group, Stack, TextInput } from "@mantine/core";
import type { Schema } from "../../api/client";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { text } from "../../text/text";

type Media = Schema["MediaSpec"];

export function MediaEditor({ media, set }: { media: Media[]; set: (media: Media[]) => void }) {
  const put = (place: number, part: Partial<Media>) =>
    set(media.map((one, index) => (index === place ? { ...one, ...part } : one)));
  return (
    <Stack gap="xs">
      {media.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a link has no name but its place
        <Group key={index} gap="xs" align="flex-end" wrap="wrap">
          <Choice
            w={96}
            aria-label={text.design.mediaKind}
            options={[
              { value: "image", label: text.design.image },
              { value: "video", label: text.design.video },
            ]}
            value={one.kind}
            choose={(kind) => put(index, { kind: kind === "video" ? "video" : "image" })}
          />
          <TextInput
            flex={1}
            miw={140}
            placeholder="https://"
            aria-label={text.design.url}
            value={one.url}
            onChange={(event) => put(index, { url: event.currentTarget.value })}
          />
          <TextInput
            flex={1}
            miw={140}
            placeholder={text.design.alt}
            aria-label={text.design.alt}
            value={one.alt}
            onChange={(event) => put(index, { alt: event.currentTarget.value })}
          />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={text.design.remove}
            onClick={() => set(media.filter((_, place) => place !== index))}
          >
            <Icon name="trash" size={15} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        w="fit-content"
        onClick={() => set([...media, { kind: "image", url: "", alt: "" }])}
      >
        {text.design.addMedia}
      </Button>
    </Stack>
  );
}
