import { texts } from '../core/text/texts';

export const reauthenticationTexts = texts(
  {
    title: 'Confirm that it is you',
    lead: 'Your login was more than ten minutes ago.',
    password: 'Password',
    confirm: 'Confirm',
    passkey: 'Use a passkey',
    provider: 'Log in with {name}',
    providerHint: '{name} asks you to log in again. Then repeat your change.',
  },
  {
    title: 'Confirma que eres tú',
    lead: 'Entraste hace más de diez minutos.',
    password: 'Contraseña',
    confirm: 'Confirmar',
    passkey: 'Usar una llave de acceso',
    provider: 'Entrar con {name}',
    providerHint: '{name} te pide que entres de nuevo. Después repite tu cambio.',
  },
);
