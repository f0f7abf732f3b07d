/** Let the browser save a file. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Some browsers start the download after this task.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Return a file name for a title that is valid on every operating system. */
export function fileName(title: string, extension: string): string {
  const plain = title.replace(/[\\/:*?"<>|\s\u0000-\u001f]+/g, ' ').trim();
  return `${plain.slice(0, 120) || 'euterpe'}.${extension}`;
}
