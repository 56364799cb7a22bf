using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Config;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Compaction;

/// <summary>
/// The file <c>compaction/topics.json</c>: which topics are compacted, which are no more but may have files, and the secret
/// of the key hash. The store knows by itself, so that nothing is deleted because its owner did not say in time.
/// </summary>
internal sealed class CompactedTopicList
{
    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly ConfigFile _file;

    public CompactedTopicList(IFileSystem files, string directory)
    {
        _files = files;
        _path = Path.Combine(directory, "topics.json");
        _file = new ConfigFile(files, _path);
    }

    public IReadOnlyList<string> Topics { get; private set; } = [];

    /// <summary>Topics that are compacted no more, and whose files may be there.</summary>
    public IReadOnlyList<string> Leaving { get; private set; } = [];

    /// <summary>The secret of the key hash; empty until the first topic is written.</summary>
    public byte[] Seed { get; private set; } = [];

    /// <summary>Reads the file.</summary>
    /// <exception cref="StoreUnusableException">It cannot be read, and neither can the one before it.</exception>
    public void Read()
    {
        if (_file.Read(Parse) is { } saved)
        {
            Topics = saved.Topics;
            Leaving = saved.Leaving;
            Seed = saved.Seed;
        }
        else if (_files.FileExists(_path) || _files.FileExists(_path + ".bak"))
        {
            throw new StoreUnusableException(
                $"'{_path}' and its backup cannot be read. Restore one of them from a copy. "
                + "Without it the store does not know which records it may not delete.");
        }
    }

    /// <summary>Makes the secret, where there is none.</summary>
    public void MakeSeed()
    {
        if (Seed.Length == 0)
            Seed = RandomNumberGenerator.GetBytes(KeyHash.SeedSize);
    }

    /// <summary>Writes the file; durable on return.</summary>
    public void Write(IReadOnlyList<string> topics, IReadOnlyList<string> leaving)
    {
        var seed = Convert.ToHexString(Seed);
        var crc = Crc(seed, topics.Concat(leaving));
        _file.Write(leaving.Count == 0
            ? JsonSerializer.SerializeToUtf8Bytes(new { hashSeed = seed, topics, crc })
            : JsonSerializer.SerializeToUtf8Bytes(new { hashSeed = seed, topics, leaving, crc }));
        Topics = topics;
        Leaving = leaving;
    }

    /// <summary>A name or a secret that changed would be taken for another one.</summary>
    private static uint Crc(string seed, IEnumerable<string> topics) =>
        BodyCrc32.Ieee(Encoding.UTF8.GetBytes(string.Join('\n', topics.Prepend(seed))));

    private static Saved Parse(byte[] text)
    {
        using var document = JsonDocument.Parse(text);
        try
        {
            var root = document.RootElement;
            var seed = root.GetProperty("hashSeed").GetString() ?? string.Empty;
            var names = Names(root.GetProperty("topics"));
            var leaving = root.TryGetProperty("leaving", out var gone) ? Names(gone) : [];

            // A name becomes a directory: nothing that leads elsewhere.
            if (root.GetProperty("crc").GetUInt32() != Crc(seed, names.Concat(leaving)) || names.Concat(leaving).Any(static name => name is "" or "." or ".." || name.AsSpan().ContainsAny("/\\\0")))
                throw new FormatException("not what was written");
            var bytes = Convert.FromHexString(seed);
            return bytes.Length == KeyHash.SeedSize ? new Saved(names, leaving, bytes) : throw new FormatException("not a secret of 16 bytes");
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException("not a list of compacted topics", error);
        }
    }

    private static List<string> Names(JsonElement list) => [.. list.EnumerateArray().Select(static topic => topic.GetString() ?? string.Empty)];

    private sealed record Saved(List<string> Topics, List<string> Leaving, byte[] Seed);
}
