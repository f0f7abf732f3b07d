import { texts } from '../core/text/texts';

export const recoveryCodeTexts = texts(
  {
    title: 'Euterpe recovery codes',
    hint: 'Keep these codes outside this device; they are not shown again. Each works once: for a lost password, or in place of a code of your authenticator app.',
    copy: 'Copy codes',
    copied: 'Codes copied.',
    download: 'Download codes',
    fileName: 'euterpe-recovery-codes.txt',
  },
  {
    title: 'Códigos de recuperación de Euterpe',
    hint: 'Guarda estos códigos fuera de este dispositivo; no se vuelven a mostrar. Cada uno vale una vez: para una contraseña perdida o en lugar de un código de tu app de autenticación.',
    copy: 'Copiar códigos',
    copied: 'Códigos copiados.',
    download: 'Descargar códigos',
    fileName: 'euterpe-codigos-de-recuperacion.txt',
  },
);
