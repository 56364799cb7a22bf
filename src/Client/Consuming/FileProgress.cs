using System.Text.Json;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Client.Diagnostics;

namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>
/// Progress of a broadcast consumer, in a file of its own: <c>directory/instance/group.json</c>. The file is replaced
/// as a whole, so a crash leaves the old or the new one.
/// </summary>
internal sealed class FileProgress : IGroupProgress, IDisposable
{
    private readonly QueueReader _reader;
    private readonly ConsumeFrom _from;
    private readonly DateTimeOffset _fromTime;
    private readonly string _file;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<MessageQueue, long> _offsets;

    public FileProgress(QueueReader reader, ConsumeFrom from, DateTimeOffset fromTime, string directory, string instance, ILogger log)
    {
        _reader = reader;
        _from = from;
        _fromTime = fromTime;
        _file = Path.Combine(directory, FileName(instance), FileName(reader.Group) + ".json");
        _offsets = Read(_file, log);
    }

    public async ValueTask<StartOffset> FindStartAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_offsets.TryGetValue(queue, out long known))
            {
                return new StartOffset(known, true);
            }
        }
        finally
        {
            _turn.Release();
        }

        long offset = _from switch
        {
            ConsumeFrom.First => await _reader.GetMinOffsetAsync(queue, cancellationToken).ConfigureAwait(false),
            ConsumeFrom.Timestamp => await _reader.SearchOffsetAsync(queue, _fromTime, cancellationToken).ConfigureAwait(false),
            _ => await _reader.GetMaxOffsetAsync(queue, cancellationToken).ConfigureAwait(false),
        };
        await CommitAsync(queue, offset, cancellationToken).ConfigureAwait(false);
        return new StartOffset(offset, false);
    }

    public async ValueTask CommitAsync(MessageQueue queue, long offset, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _offsets[queue] = offset;
            Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
            string next = _file + ".next";
            await File.WriteAllBytesAsync(next, Write(), cancellationToken).ConfigureAwait(false);
            File.Move(next, _file, overwrite: true);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private static Dictionary<MessageQueue, long> Read(string file, ILogger log)
    {
        var offsets = new Dictionary<MessageQueue, long>();
        try
        {
            if (File.Exists(file))
            {
                LocalOffsets? read = JsonSerializer.Deserialize(File.ReadAllBytes(file), LocalOffsetsJson.Default.LocalOffsets);
                foreach (LocalOffset offset in read?.Offsets ?? [])
                {
                    offsets[new MessageQueue(offset.Topic, offset.BrokerName, offset.QueueId)] = Math.Max(0, offset.Offset);
                }
            }
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            log.LocalOffsetsUnreadable(file, error.Message);
        }

        return offsets;
    }

    private static string FileName(string name) => Uri.EscapeDataString(name);

    private byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(
        new LocalOffsets
        {
            Offsets =
            [
                .. _offsets.OrderBy(offset => offset.Key).Select(offset => new LocalOffset
                {
                    Topic = offset.Key.Topic,
                    BrokerName = offset.Key.BrokerName,
                    QueueId = offset.Key.QueueId,
                    Offset = offset.Value,
                }),
            ],
        },
        LocalOffsetsJson.Default.LocalOffsets);
}
