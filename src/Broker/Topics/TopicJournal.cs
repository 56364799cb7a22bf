using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Broker.Topics;

/// <summary>
/// <c>config/topics.journal</c>: changes of the table of topics that are not in <c>topics.json</c> yet, so that one more topic
/// does not write all of them again. A line a change:
/// <code>
///  CRC of the rest, 8 hexadecimal digits | space | {"dataVersion":{..},"topic":{..}} or {"dataVersion":{..},"removed":"name"} | \n
/// </code>
/// A change is on disk when <see cref="Append"/> returns. A line that a crash tore does not count: nobody was told of it.
/// </summary>
internal sealed class TopicJournal(IFileSystem files, string path) : IDisposable
{
    private const int MaxSize = 256 << 20;
    private const int CrcDigits = 8;
    private const string Backup = ".bak";

    private IRandomFile? _file;
    private bool _isBroken;

    /// <summary>Bytes of changes.</summary>
    public long Length { get; private set; }

    /// <summary>Whether an append failed in a way that leaves the file in doubt: the whole table has to be written instead.</summary>
    public bool IsBroken => _isBroken;

    /// <summary>The changes after a state of the table, in their order. A topic that is null was removed.</summary>
    public IEnumerable<(DataVersion Version, string Name, BrokerTopic? Topic)> Read(DataVersion since)
    {
        // The one before: what it has counts when the table could not be read and its backup was taken.
        foreach ((DataVersion Version, string Name, BrokerTopic? Topic) change in ReadFile(path + Backup).Concat(ReadFile(path)))
        {
            if (change.Version.Counter > since.Counter)
            {
                yield return change;
            }
        }
    }

    /// <summary>Adds changes of one moment; they are on disk when this returns.</summary>
    /// <exception cref="IOException">They are not.</exception>
    public void Append(DataVersion version, IEnumerable<(string Name, BrokerTopic? Topic)> changes)
    {
        byte[] line = [.. changes.SelectMany(change => Line(version, change.Name, change.Topic))];
        try
        {
            if (_file is null)
            {
                _file = files.Open(path);
                Length = 0;
                _file.SetLength(0);
                files.SyncDirectory(Path.GetDirectoryName(path)!);
            }

            _file.Write(line, Length);
            _file.Flush();
            Length += line.Length;
        }
        catch (IOException)
        {
            // What of the line is there nobody knows: no line follows it, and the next table that is written clears it.
            _isBroken = true;
            throw;
        }
    }

    /// <summary>Begins a new file: the table was written. The old one goes with the table of before.</summary>
    /// <exception cref="IOException">The changes are there still, and are passed over by their version.</exception>
    public void Clear()
    {
        if (!files.FileExists(path))
        {
            return;
        }

        _file?.Dispose();
        _file = null;
        files.Rename(path, path + Backup);
        Length = 0;
        _isBroken = false;
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private IEnumerable<(DataVersion Version, string Name, BrokerTopic? Topic)> ReadFile(string file)
    {
        if (!files.FileExists(file))
        {
            yield break;
        }

        byte[] text;
        using (IRandomFile lines = files.OpenRead(file))
        {
            text = new byte[Math.Min(lines.Length, MaxSize)];
            Array.Resize(ref text, lines.Read(text, 0));
        }

        for (int start = 0, end; (end = Array.IndexOf(text, (byte)'\n', start)) >= 0; start = end + 1)
        {
            if (ReadLine(text.AsSpan(start, end - start)) is { } change)
            {
                yield return change;
            }
        }
    }

    private static byte[] Line(DataVersion version, string name, BrokerTopic? topic)
    {
        var text = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            version.Write(writer);
            if (topic is null)
            {
                writer.WriteString("removed"u8, name);
            }
            else
            {
                writer.WritePropertyName("topic"u8);
                TopicFile.WriteTopic(writer, topic);
            }

            writer.WriteEndObject();
        }

        string crc = ((uint)BodyCrc32.Compute(text.WrittenSpan)).ToString("x8", CultureInfo.InvariantCulture);
        return [.. Encoding.ASCII.GetBytes(crc), (byte)' ', .. text.WrittenSpan, (byte)'\n'];
    }

    private static (DataVersion Version, string Name, BrokerTopic? Topic)? ReadLine(ReadOnlySpan<byte> line)
    {
        if (line.Length < CrcDigits + 2
            || !uint.TryParse(line[..CrcDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint crc)
            || crc != (uint)BodyCrc32.Compute(line[(CrcDigits + 1)..]))
        {
            return null;
        }

        using JsonDocument? document = TableJson.Parse(line[(CrcDigits + 1)..]);
        if (document is null)
        {
            return null;
        }

        DataVersion version = DataVersion.Read(document.RootElement);
        if (document.RootElement.TryGet("topic", out JsonElement topic))
        {
            return topic.Text("topicName") is { } name && TopicName.Reject(name) is null ? (version, name, TopicFile.ReadTopic(name, topic)) : null;
        }

        return document.RootElement.Text("removed") is { } removed ? (version, removed, null) : null;
    }
}
