import type { Schema } from '../api/types';
import { Translate, texts } from '../text/texts';

export const notificationTexts = texts(
  {
    like: '{actor} liked “{song}”',
    comment: '{actor} commented on “{song}”',
    reply: '{actor} replied to you on “{song}”',
    mention: '{actor} mentioned you on “{song}”',
    follow: '{actor} follows you',
    remix: '{actor} published “{song}”, made from a piece of yours',
    generation: '“{song}” is finished',
    reportKept: 'A moderator reviewed the comment that you reported: it stays',
    reportHidden: 'A moderator has hidden the comment that you reported',
    moderationHidden: 'A moderator has hidden your comment on “{song}”',
    moderationBanned: 'A moderator has hidden your comment on “{song}” and banned you',
    aUser: 'A user',
    piece: 'a piece',
  },
  {
    like: 'A {actor} le gusta «{song}»',
    comment: '{actor} ha comentado «{song}»',
    reply: '{actor} te ha respondido en «{song}»',
    mention: '{actor} te ha mencionado en «{song}»',
    follow: '{actor} te sigue',
    remix: '{actor} ha publicado «{song}», hecha a partir de una pieza tuya',
    generation: '«{song}» está lista',
    reportKept: 'Un moderador ha revisado el comentario que denunciaste: se mantiene',
    reportHidden: 'Un moderador ha ocultado el comentario que denunciaste',
    moderationHidden: 'Un moderador ha ocultado tu comentario en «{song}»',
    moderationBanned: 'Un moderador ha ocultado tu comentario en «{song}» y te ha expulsado',
    aUser: 'Alguien',
    piece: 'una pieza',
  },
);

type Key = keyof (typeof notificationTexts)['en'];

/** What happened, as one sentence. */
export function notificationText(item: Schema<'NotificationAnswer'>, t: Translate<Key>): string {
  const values = { actor: item.actor?.name || t('aUser'), song: item.song_title ?? t('piece') };
  if (item.kind === 'report') return t(item.text === 'hidden' ? 'reportHidden' : 'reportKept');
  if (item.kind === 'moderation') return t(item.text === 'banned' ? 'moderationBanned' : 'moderationHidden', values);
  return t(item.kind, values);
}

/** The page that a notification is about; null if it is gone or no longer readable. */
export function notificationLink(item: Schema<'NotificationAnswer'>): string[] | null {
  if (item.kind === 'follow') return item.actor ? ['/authors', item.actor.id] : null;
  return item.song_id ? ['/library/songs', item.song_id] : null;
}
