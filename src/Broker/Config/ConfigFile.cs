using System.Buffers;

namespace ProtoBridgeMQ.Broker.Config;

/// <summary>
/// A small file that is replaced as a whole, as RocketMQ does it: the new content goes to <c>name.tmp</c>, the old
/// one to <c>name.bak</c>, and a rename makes the change. A crash in between leaves one of them whole.
/// </summary>
/// <remarks>Thread safe for writers of one instance; an instance per file.</remarks>
public sealed class ConfigFile(string path)
{
    /// <summary>Larger files are not ours and are not read.</summary>
    private const long LargestFile = 1L << 30;

    private readonly Lock _lock = new();

    /// <summary>Where it is.</summary>
    public string Path { get; } = path;

    /// <summary>Replaces the content; it is on disk when this returns.</summary>
    public void Write(ReadOnlySpan<byte> content)
    {
        lock (_lock)
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            string temporary = Path + ".tmp";
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.Read, 1))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            if (File.Exists(Path))
            {
                File.Move(Path, Path + ".bak", overwrite: true);
            }

            File.Move(temporary, Path, overwrite: true);
        }
    }

    /// <summary>
    /// Reads the content, or the one before it when the file is missing or <paramref name="parse"/> rejects it.
    /// </summary>
    /// <returns>False when neither could be read: nothing was parsed, or there is nothing.</returns>
    /// <exception cref="InvalidDataException">There is a file and neither it nor its backup can be read: going on would forget what it says.</exception>
    public bool Read(Func<byte[], bool> parse)
    {
        bool present = false;
        foreach (string candidate in (string[])[Path, Path + ".bak"])
        {
            var file = new FileInfo(candidate);
            if (!file.Exists)
            {
                continue;
            }

            present |= file.Length > 0;
            if (file.Length is > 0 and <= LargestFile && parse(File.ReadAllBytes(candidate)))
            {
                return true;
            }
        }

        return present
            ? throw new InvalidDataException($"{Path} and its backup cannot be read; repair or remove them to start without their settings.")
            : false;
    }

    /// <summary>Replaces the content with what <paramref name="write"/> writes.</summary>
    public void Write(Action<IBufferWriter<byte>> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        write(buffer);
        Write(buffer.WrittenSpan);
    }
}
