using System.Buffers;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Config;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Store.Timers;

/// <summary>
/// How many timers each topic has: <c>config/timermetrics</c>, as Apache RocketMQ writes it. Counted by the hash that the
/// units of the timer log have, so that a start counts again what is there; the names are for the file.
/// Guarded by the lock of <see cref="TimerState"/>; learning names belongs to the dispatcher.
/// </summary>
internal sealed class TimerCounts
{
    private const int MaxTopics = 100_000;

    private readonly ConfigFile _file;
    private readonly TimeProvider _time;
    private readonly Lock _namesLock = new();
    private readonly Dictionary<int, string> _names = [];
    private readonly Dictionary<int, Count> _counts = [];
    private long _version;
    private bool _changed;

    public TimerCounts(IFileSystem files, string storeDirectory, TimeProvider time)
    {
        _file = new ConfigFile(files, Path.Combine(storeDirectory, "config", "timermetrics"));
        _time = time;
    }

    /// <summary>Reads the names of the topics; the counts come from the timer log.</summary>
    public void Load()
    {
        foreach (var name in _file.Read(ReadNames) ?? [])
            _names.TryAdd((int)TagHash.Of(name), name);
    }

    /// <summary>Keeps the name of a topic.</summary>
    public void Learn(int hash, ReadOnlySpan<byte> topic)
    {
        lock (_namesLock)
        {
            if (_names.Count < MaxTopics && !_names.ContainsKey(hash))
                _names.Add(hash, Encoding.UTF8.GetString(topic));
        }
    }

    public void Add(int hash, int count)
    {
        _counts.TryGetValue(hash, out var before);
        _counts[hash] = new Count(before.Timers + count, _time.GetUtcNow().ToUnixTimeMilliseconds());
        _changed = true;
    }

    public void ClearCounts()
    {
        _counts.Clear();
        _changed = true;
    }

    /// <summary>Timers of a topic.</summary>
    public long Of(string topic) => _counts.TryGetValue((int)TagHash.Of(topic), out var count) ? count.Timers : 0;

    /// <summary>The file's text, to be written without the lock; null when nothing changed.</summary>
    public byte[]? Take()
    {
        if (!_changed)
            return null;
        _changed = false;
        _version++;
        return Text();
    }

    /// <summary>What was taken could not be written.</summary>
    public void MarkChanged(byte[]? taken) => _changed |= taken is not null;

    /// <summary>The file's text as of now.</summary>
    public byte[] Text()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartObject("dataVersion"u8);
        json.WriteNumber("counter"u8, _version);
        json.WriteNumber("stateVersion"u8, 0);
        json.WriteNumber("timestamp"u8, _time.GetUtcNow().ToUnixTimeMilliseconds());
        json.WriteEndObject();
        json.WriteStartObject("timingCount"u8);
        lock (_namesLock)
        {
            foreach (var (hash, count) in _counts)
            {
                if (!_names.TryGetValue(hash, out var name))
                    continue;
                json.WriteStartObject(name);
                json.WriteNumber("count"u8, count.Timers);
                json.WriteNumber("timeStamp"u8, count.Changed);
                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public void Write(byte[]? text)
    {
        if (text is not null)
            _file.Write(text);
    }

    private List<string> ReadNames(byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        var names = new List<string>();
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new FormatException("timermetrics is no object");
        if (document.RootElement.TryGetProperty("timingCount", out var counts) && counts.ValueKind == JsonValueKind.Object)
            names.AddRange(counts.EnumerateObject().Take(MaxTopics).Select(count => count.Name));
        if (document.RootElement.TryGetProperty("dataVersion", out var version) && version.ValueKind == JsonValueKind.Object
            && version.TryGetProperty("counter", out var counter) && counter.TryGetInt64(out var number))
        {
            _version = number;
        }

        return names;
    }

    private readonly record struct Count(long Timers, long Changed);
}
