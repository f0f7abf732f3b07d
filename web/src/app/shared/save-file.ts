/** Has the browser save a file under a name. */
export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // Some browsers begin only after this task.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A title as the name of a file, on any system. */
export function fileName(title: string, extension: string): string {
  const plain = title.replace(/[\\/:*?"<>|\s\u0000-\u001f]+/g, ' ').trim();
  return `${plain.slice(0, 120) || 'euterpe'}.${extension}`;
}
