import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { RouterLink } from '@angular/router';

interface Part {
  readonly text: string;
  readonly url?: string;
  readonly userId?: string;
}

export interface MentionedUser {
  readonly id: string;
  readonly name: string;
}

/** Text of users: addresses of sites become links without endorsement, mentions links to profiles; nothing else is markup. */
@Component({
  selector: 'e-plain-text',
  imports: [RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `@for (part of parts(); track $index) {
    @if (part.url) {
      <a [href]="part.url" rel="nofollow ugc noopener noreferrer" target="_blank">{{ part.text }}</a>
    } @else if (part.userId) {
      <a [routerLink]="['/authors', part.userId]">{{ part.text }}</a>
    } @else {
      <span>{{ part.text }}</span>
    }
  }`,
  styles: `
    :host {
      display: block;
      max-width: 70ch;
      white-space: pre-line;
      overflow-wrap: anywhere;
    }
  `,
})
export class PlainText {
  readonly text = input.required<string>();
  readonly mentions = input<readonly MentionedUser[]>([]);
  protected readonly parts = computed(() => splitText(this.text(), this.mentions()));
}

const LINK = /https?:\/\/[^\s<>"]+|@[A-Za-z0-9._-]{3,32}/g;

/** Split a text into plain parts, addresses and mentions. */
export function splitText(text: string, mentions: readonly MentionedUser[]): Part[] {
  const users = new Map(mentions.map((user) => [user.name.toLowerCase(), user.id]));
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    // Punctuation after a link belongs to the sentence.
    const found = match[0].replace(/[.,;:!?)\]'’»”-]+$/, '');
    const userId = found.startsWith('@') ? users.get(found.slice(1).toLowerCase()) : undefined;
    if (found.startsWith('@') && !userId) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push(userId ? { text: found, userId } : { text: found, url: found });
    end = match.index + found.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}
