import type { FieldError, Problem } from '../api/problem';
import { LanguageCode } from './language';
import { fill, texts } from './texts';

/** The message for each problem type of the services, with its remedy. */
const messages = texts(
  {
    offline: 'There is no connection to Euterpe. Check your network and try again.',
    unexpected: 'This page has failed. Reload it.',
    'internal-error': 'The server has failed. The error was logged; try again.',
    unavailable: 'The server is not available. Try again shortly.',
    'too-many-requests': 'Too many requests. Wait {seconds} and try again.',
    'validation-error': 'Invalid input. Correct it and try again.',
    unauthenticated: 'Log in first.',
    forbidden: 'You do not have permission to do this.',
    'not-found': 'This no longer exists.',
    conflict: 'This was changed elsewhere. Reload it and try again.',
    'precondition-failed': 'This was changed elsewhere. Reload it and try again.',
    'payload-too-large': 'The file is too large.',
    'request-timeout': 'The upload took too long. Check your connection and try again.',
    'too-many-uploads': 'Too many uploads from your network. Try again in {seconds}.',
    'name-taken': 'This name is taken. Choose another one.',
    'wrong-password': 'The password is wrong.',
    'wrong-credentials': 'Name or password is wrong.',
    'too-many-attempts': 'Too many attempts. Wait {seconds} and try again.',
    'too-many-keys': 'You have the maximum number of API keys. Revoke one first.',
    'no-such-guest': 'The guest whose pieces you want to keep no longer exists.',
    'cross-site-request': 'This request came from another site and was refused.',
    'invalid-refresh-token': 'Your session has ended. Log in again.',
    'tool-missing': 'Audio is not available: a program is missing on the server.',
    'soundfont-missing': 'This SoundFont is not on the server. Choose another one.',
    'render-queue-full': 'Too many audio files are being rendered. Try again in {seconds}.',
    'render-timeout': 'Rendering the audio took too long. Try another format.',
    'render-failed': 'The audio of this piece could not be rendered.',
    'listening-pair-not-found': 'This pair has expired. Choose another one.',
    'no-listening-test': 'This server has no listening test.',
    'listening-pair-answered': 'This pair has been answered. Choose another one.',
    'generation-not-found': 'This composition no longer exists.',
    'generation-not-finished': 'The piece is not finished yet.',
    'invalid-parameters': 'The model does not accept these settings.',
    'queue-full': 'Too many pieces are being composed. Try again in {seconds}.',
    'storage-full': 'Your library is full. Delete pieces permanently from the trash to make room.',
    'network-quota-reached': 'Your network has reached the daily limit. Log in, or try again tomorrow.',
    'daily-quota-reached':
      'You can compose at most {pieces} pieces a day; {remaining} are left today. The limit resets in {seconds}.',
    'too-many-streams': 'You follow too many pieces at once. Close some pages.',
    'too-many-renders': 'Too many of your audio files are being rendered. Try again in {seconds}.',
    'render-budget-reached': 'You have reached the hourly limit of new audio. Try again in {seconds}.',
    'too-many-unfinished': 'You have too many unfinished pieces. Wait for one or stop one.',
    'song-not-found': 'This piece no longer exists or is private.',
    'share-not-found': 'This link has expired or was revoked.',
    'download-not-allowed': 'This link does not allow downloads.',
    'comment-not-found': 'This comment no longer exists.',
    'comments-closed': 'Comments on this piece are closed.',
    'comment-not-editable': 'A comment can be edited within 15 minutes. Delete it and write a new one.',
    banned: 'A moderator has banned you; your notifications say why. Your own library is not affected.',
    blocked: 'This user does not accept likes, comments or follows from you.',
    'cannot-block-yourself': 'You cannot block yourself.',
    'not-a-moderator': 'Only moderators may do this.',
    'notification-not-found': 'This notification no longer exists.',
    'user-not-found': 'This user does not exist.',
    'picture-not-found': 'This user has no picture.',
    'webhook-not-found': 'This webhook no longer exists.',
    'delivery-not-found': 'This delivery no longer exists.',
    'webhook-address-refused': 'Events cannot be sent to this address.',
    'not-yours': 'This belongs to another user.',
    'playlist-not-found': 'This playlist no longer exists or is private.',
    'author-not-found': 'This author does not exist.',
    'limit-reached': 'You have the maximum number of these. Remove one first.',
    'version-not-found': 'This version no longer exists.',
    'too-many-versions': 'This piece has the maximum number of versions. Save your notes as a new piece.',
    'not-composed': 'This piece was imported and cannot be composed again.',
    'idempotency-key-reused': 'This request was already sent with other content. Reload the page.',
    'insufficient-scope': 'This API key does not have permission to do this.',
    'session-ended': 'Your session has ended. Log in again.',
    'account-suspended': 'This account is suspended. Ask the operator of this site.',
    'recent-authentication-required': 'Enter your password to confirm.',
    'mail-not-configured': 'This site sends no mails.',
    'email-taken': 'This e-mail address belongs to another account. Use another one.',
    'invalid-link': 'This link has expired or was used before. Request a new one.',
    'invalid-unsubscription': 'This link is not valid. Log in, and turn off digests on the notifications page.',
    'second-factor-enabled': 'Two-step login is enabled already. Reload the page.',
    'no-authenticator-secret': 'The setup has ended. Start it again.',
    'wrong-code': 'The code is wrong or has expired. Check the clock of the device with the app.',
    'second-factor-required': 'Enter the code of your authenticator app.',
    'wrong-second-factor': 'The code is wrong, has expired or was used before. Enter the next one.',
    'wrong-recovery-code': 'Name or recovery code is wrong, or the code was used before.',
    'registration-proof-required': 'The check against automated registrations has failed. Try again.',
    'passkeys-not-configured': 'This site offers no passkeys.',
    'too-many-passkeys': 'You have the maximum number of passkeys. Remove one first.',
    'invalid-passkey': 'The passkey was not accepted. Try again, or log in with your password.',
    'passkey-refused': 'The passkey was not accepted. Try again.',
    'passkey-cancelled': 'No passkey was used. Try again, or use your password.',
    'provider-not-configured': 'This site offers no login at another provider.',
    'provider-unavailable': 'The provider is not available. Try again later, or log in in another way.',
    'provider-login-refused': 'The response of the provider could not be verified. Start the login again.',
    'provider-login-ended': 'This login at the provider has ended. Start it again; it takes at most ten minutes.',
    'no-provider-account': 'No account is linked with this user of the provider.',
    'provider-linked': 'This user is linked with another account, or your account with another user.',
    'other-provider-user': 'Log in at the provider as the user that is linked with your account.',
    'provider-authentication-too-old':
      'The provider does not confirm that you have just logged in there. Use your password or a passkey.',
    'last-login-method': 'This is the only way to log in to your account. Set a password or add a passkey first.',
    'passkey-exists': 'This device has a passkey for your account already.',
  },
  {
    offline: 'No hay conexión con Euterpe. Comprueba tu red e inténtalo de nuevo.',
    unexpected: 'Esta página ha fallado. Vuelve a cargarla.',
    'internal-error': 'El servidor ha fallado. El error se ha registrado; inténtalo de nuevo.',
    unavailable: 'El servidor no está disponible. Inténtalo de nuevo en breve.',
    'too-many-requests': 'Demasiadas peticiones. Espera {seconds} e inténtalo de nuevo.',
    'validation-error': 'Datos no válidos. Corrígelos e inténtalo de nuevo.',
    unauthenticated: 'Entra primero en tu cuenta.',
    forbidden: 'No tienes permiso para hacer esto.',
    'not-found': 'Esto ya no existe.',
    conflict: 'Esto se ha cambiado en otro lugar. Vuelve a cargarlo e inténtalo de nuevo.',
    'precondition-failed': 'Esto se ha cambiado en otro lugar. Vuelve a cargarlo e inténtalo de nuevo.',
    'payload-too-large': 'El archivo es demasiado grande.',
    'request-timeout': 'La subida ha tardado demasiado. Comprueba tu conexión e inténtalo de nuevo.',
    'too-many-uploads': 'Demasiadas subidas desde tu red. Inténtalo de nuevo en {seconds}.',
    'name-taken': 'Este nombre ya está en uso. Elige otro.',
    'wrong-password': 'La contraseña no es correcta.',
    'wrong-credentials': 'El nombre o la contraseña no son correctos.',
    'too-many-attempts': 'Demasiados intentos. Espera {seconds} e inténtalo de nuevo.',
    'too-many-keys': 'Tienes el número máximo de claves de API. Revoca una primero.',
    'no-such-guest': 'El invitado cuyas piezas quieres conservar ya no existe.',
    'cross-site-request': 'Esta petición vino de otro sitio y se ha rechazado.',
    'invalid-refresh-token': 'Tu sesión ha terminado. Vuelve a entrar.',
    'tool-missing': 'El audio no está disponible: falta un programa en el servidor.',
    'soundfont-missing': 'Este SoundFont no está en el servidor. Elige otro.',
    'render-queue-full': 'Se están creando demasiados audios. Inténtalo de nuevo en {seconds}.',
    'render-timeout': 'Crear el audio ha tardado demasiado. Prueba otro formato.',
    'render-failed': 'No se ha podido crear el audio de esta pieza.',
    'listening-pair-not-found': 'Esta pareja ha caducado. Elige otra.',
    'no-listening-test': 'Este servidor no tiene test de escucha.',
    'listening-pair-answered': 'Esta pareja ya tiene respuesta. Elige otra.',
    'generation-not-found': 'Esta composición ya no existe.',
    'generation-not-finished': 'La pieza aún no está terminada.',
    'invalid-parameters': 'El modelo no acepta estos ajustes.',
    'queue-full': 'Se están componiendo demasiadas piezas. Inténtalo de nuevo en {seconds}.',
    'storage-full': 'Tu biblioteca está llena. Borra piezas definitivamente desde la papelera para hacer sitio.',
    'network-quota-reached': 'Tu red ha llegado al límite diario. Entra en tu cuenta o vuelve a intentarlo mañana.',
    'daily-quota-reached':
      'Puedes componer como mucho {pieces} piezas al día; hoy te quedan {remaining}. El límite se restablece en {seconds}.',
    'too-many-streams': 'Sigues demasiadas piezas a la vez. Cierra alguna página.',
    'too-many-renders': 'Se están creando demasiados audios tuyos. Inténtalo de nuevo en {seconds}.',
    'render-budget-reached': 'Has llegado al límite por hora de audios nuevos. Inténtalo de nuevo en {seconds}.',
    'too-many-unfinished': 'Tienes demasiadas piezas sin terminar. Espera a una o detén alguna.',
    'song-not-found': 'Esta pieza ya no existe o es privada.',
    'share-not-found': 'Este enlace ha caducado o se ha revocado.',
    'download-not-allowed': 'Este enlace no permite descargas.',
    'comment-not-found': 'Este comentario ya no existe.',
    'comments-closed': 'Los comentarios de esta pieza están cerrados.',
    'comment-not-editable': 'Un comentario se puede editar durante 15 minutos. Bórralo y escribe otro.',
    banned: 'Un moderador te ha expulsado; tus notificaciones dicen por qué. Tu biblioteca no se ve afectada.',
    blocked: 'Esta persona no acepta «me gusta», comentarios ni seguimientos tuyos.',
    'cannot-block-yourself': 'No puedes bloquearte.',
    'not-a-moderator': 'Solo los moderadores pueden hacer esto.',
    'notification-not-found': 'Esta notificación ya no existe.',
    'user-not-found': 'Esta persona no existe.',
    'picture-not-found': 'Esta persona no tiene imagen.',
    'webhook-not-found': 'Este webhook ya no existe.',
    'delivery-not-found': 'Esta entrega ya no existe.',
    'webhook-address-refused': 'No se pueden enviar eventos a esta dirección.',
    'not-yours': 'Esto pertenece a otro usuario.',
    'playlist-not-found': 'Esta lista ya no existe o es privada.',
    'author-not-found': 'Este autor no existe.',
    'limit-reached': 'Has llegado al número máximo. Quita uno primero.',
    'version-not-found': 'Esta versión ya no existe.',
    'too-many-versions': 'Esta pieza tiene el máximo de versiones. Guarda tus notas como pieza nueva.',
    'not-composed': 'Esta pieza se importó y no se puede componer de nuevo.',
    'idempotency-key-reused': 'Esta petición ya se envió con otro contenido. Vuelve a cargar la página.',
    'insufficient-scope': 'Esta clave de API no tiene permiso para hacer esto.',
    'session-ended': 'Tu sesión ha terminado. Vuelve a entrar.',
    'account-suspended': 'Esta cuenta está suspendida. Consulta al administrador del sitio.',
    'recent-authentication-required': 'Escribe tu contraseña para confirmar.',
    'mail-not-configured': 'Este sitio no envía correos.',
    'email-taken': 'Esta dirección de correo pertenece a otra cuenta. Usa otra.',
    'invalid-link': 'Este enlace ha caducado o ya se ha usado. Pide uno nuevo.',
    'invalid-unsubscription':
      'Este enlace no es válido. Entra y desactiva los resúmenes en la página de notificaciones.',
    'second-factor-enabled': 'La verificación en dos pasos ya está activada. Vuelve a cargar la página.',
    'no-authenticator-secret': 'La configuración ha terminado. Empieza de nuevo.',
    'wrong-code': 'El código no es correcto o ha caducado. Comprueba el reloj del dispositivo con la app.',
    'second-factor-required': 'Escribe el código de tu app de autenticación.',
    'wrong-second-factor': 'El código no es correcto, ha caducado o ya se ha usado. Escribe el siguiente.',
    'wrong-recovery-code': 'El nombre o el código de recuperación no es correcto, o el código ya se ha usado.',
    'registration-proof-required': 'La comprobación contra registros automáticos ha fallado. Inténtalo de nuevo.',
    'passkeys-not-configured': 'Este sitio no ofrece llaves de acceso.',
    'too-many-passkeys': 'Tienes el número máximo de llaves de acceso. Quita una primero.',
    'invalid-passkey': 'La llave de acceso no se ha aceptado. Inténtalo de nuevo o entra con tu contraseña.',
    'passkey-refused': 'La llave de acceso no se ha aceptado. Inténtalo de nuevo.',
    'passkey-cancelled': 'No se ha usado ninguna llave de acceso. Inténtalo de nuevo o usa tu contraseña.',
    'provider-not-configured': 'Este sitio no ofrece acceso con otro proveedor.',
    'provider-unavailable': 'El proveedor no está disponible. Inténtalo más tarde o entra de otra forma.',
    'provider-login-refused': 'No se ha podido verificar la respuesta del proveedor. Empieza de nuevo.',
    'provider-login-ended':
      'Este acceso con el proveedor ha terminado. Empieza de nuevo; dura como mucho diez minutos.',
    'no-provider-account': 'No hay ninguna cuenta vinculada con este usuario del proveedor.',
    'provider-linked': 'Este usuario está vinculado con otra cuenta, o tu cuenta con otro usuario.',
    'other-provider-user': 'Entra en el proveedor con el usuario que está vinculado con tu cuenta.',
    'provider-authentication-too-old':
      'El proveedor no confirma que acabas de entrar allí. Usa tu contraseña o una llave de acceso.',
    'last-login-method':
      'Es la única forma de entrar en tu cuenta. Pon una contraseña o añade una llave de acceso primero.',
    'passkey-exists': 'Este dispositivo ya tiene una llave de acceso para tu cuenta.',
  },
);

const fieldMessages = texts(
  {
    required: 'Required.',
    between: 'Must be from {low} to {high}.',
    least: 'Must be at least {low}.',
    most: 'Must be at most {high}.',
    shortest: 'At least one character.|At least {n} characters.',
    longest: 'At most one character.|At most {n} characters.',
    pattern: 'Contains a character that is not allowed.',
    choice: 'Must be one of {choices}.',
    meter: 'Must have the meter of the piece, {meter}. Choose another style.',
    other: 'Invalid value.',
    soon: 'a moment',
    seconds: 'one second|{n} seconds',
    minutes: 'one minute|{n} minutes',
    hours: 'one hour|{n} hours',
  },
  {
    required: 'Obligatorio.',
    between: 'Debe estar entre {low} y {high}.',
    least: 'Debe ser al menos {low}.',
    most: 'Debe ser como mucho {high}.',
    shortest: 'Al menos un carácter.|Al menos {n} caracteres.',
    longest: 'Como mucho un carácter.|Como mucho {n} caracteres.',
    pattern: 'Contiene un carácter no permitido.',
    choice: 'Debe ser uno de {choices}.',
    meter: 'Debe tener el compás de la pieza, {meter}. Elige otro estilo.',
    other: 'Valor no válido.',
    soon: 'un momento',
    seconds: 'un segundo|{n} segundos',
    minutes: 'un minuto|{n} minutos',
    hours: 'una hora|{n} horas',
  },
);

/** Return the message of a problem; an unknown type falls back to the message of its status. */
export function problemMessage(problem: Problem, language: LanguageCode): string {
  const known: Record<string, string> = messages[language];
  const byStatus = {
    401: 'unauthenticated',
    403: 'forbidden',
    404: 'not-found',
    409: 'conflict',
    413: 'payload-too-large',
  };
  const fallback = (byStatus as Record<number, string>)[problem.status] ?? statusFallback(problem.status);
  const limits = Object.entries(problem.limits).map(([name, value]) => [name, value.toLocaleString(language)]);
  return fill(known[problem.slug] ?? known[fallback] ?? '', {
    ...Object.fromEntries(limits),
    seconds: waitingTime(problem.retryAfterSeconds, language),
  });
}

/** Return the message of a field; the service's own message only in English and only if the limit is unknown here. */
export function fieldMessage(error: FieldError, language: LanguageCode): string {
  const t = (key: keyof (typeof fieldMessages)['en'], values = {}) => fill(fieldMessages[language][key], values);
  const limits: Record<string, unknown> = error.limits ?? {};
  const low = number(limits, ['ge', 'gt', 'minimum', 'min']);
  const high = number(limits, ['le', 'lt', 'maximum', 'max']);
  if (low !== undefined && high !== undefined) return t('between', { low, high });
  if (low !== undefined) return t('least', { low });
  if (high !== undefined) return t('most', { high });
  if (limits['meter'] !== undefined) return t('meter', { meter: String(limits['meter']) });
  if (limits['min_length'] !== undefined) return t('shortest', { n: Number(limits['min_length']) });
  if (limits['max_length'] !== undefined) return t('longest', { n: Number(limits['max_length']) });
  if (limits['pattern'] !== undefined) return t('pattern');
  if (limits['expected'] !== undefined) return t('choice', { choices: String(limits['expected']) });
  if (/required/i.test(error.message)) return t('required');
  return language === 'en' && error.message ? withFullStop(error.message) : t('other');
}

function statusFallback(status: number): string {
  if (status === 429) return 'too-many-requests';
  if (status === 503 || status === 502 || status === 504) return 'unavailable';
  if (status >= 500) return 'internal-error';
  return status >= 400 ? 'validation-error' : 'unexpected';
}

function waitingTime(seconds: number | null, language: LanguageCode): string {
  if (seconds === null) return fieldMessages[language].soon;
  if (seconds < 90) return fill(fieldMessages[language].seconds, { n: Math.ceil(seconds) });
  if (seconds < 5400) return fill(fieldMessages[language].minutes, { n: Math.ceil(seconds / 60) });
  return fill(fieldMessages[language].hours, { n: Math.ceil(seconds / 3600) });
}

function number(limits: Record<string, unknown>, names: string[]): number | undefined {
  const name = names.find((candidate) => typeof limits[candidate] === 'number');
  return name === undefined ? undefined : (limits[name] as number);
}

function withFullStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
