using System.Globalization;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.Inspection;
using ProtoBridgeMQ.Store.Queues;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary><c>store dump</c>.</summary>
internal static class DumpOutput
{
    public static int Run(StoreFiles store, DumpRequest wanted, Screen screen, CancellationToken cancellation)
    {
        if (screen.IsJson)
        {
            screen.Json.WriteStartObject();
        }

        if (wanted.Records)
        {
            Records(store, wanted, screen, cancellation);
        }

        if (wanted.Queues)
        {
            Queues(store, wanted, screen, cancellation);
        }

        if (wanted.Index)
        {
            IndexDump.Write(store.Index(), wanted.Limit, screen, cancellation);
        }

        if (wanted.Checkpoint)
        {
            Checkpoint(store, screen);
        }

        if (wanted.Config)
        {
            Config(store, screen);
        }

        if (screen.IsJson)
        {
            screen.Json.WriteEndObject();
        }

        return StoreCommand.Sound;
    }

    private static void Records(StoreFiles store, DumpRequest wanted, Screen screen, CancellationToken cancellation)
    {
        if (screen.IsJson)
        {
            screen.Json.WriteStartArray("commitlog"u8);
        }

        long count = 0;
        using (var walk = new LogWalk(store, wanted.From))
        {
            while (count < wanted.Limit && walk.TryNext(out LogPart part, out MessageRecord record) && part.Offset < wanted.To)
            {
                cancellation.ThrowIfCancellationRequested();
                if (part.Offset < wanted.From || (part.Kind == LogPartKind.Record ? !wanted.Wants(record) : wanted.IsFiltered))
                {
                    continue;
                }

                count += part.Kind == LogPartKind.Record ? 1 : 0;
                if (screen.IsJson)
                {
                    RecordJson.Write(screen.Json, part, record, wanted.Body);
                    screen.Advance();
                }
                else
                {
                    screen.Line(RecordLine(part, record, wanted.Body));
                }
            }
        }

        if (screen.IsJson)
        {
            screen.Json.WriteEndArray();
        }
    }

    private static string RecordLine(in LogPart part, in MessageRecord record, BodyForm body)
    {
        if (part.Kind != LogPartKind.Record)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{part.Offset} {part.Kind.ToString().ToLowerInvariant()} {part.Length} bytes{(part.Error is RecordError.None or RecordError.Blank or RecordError.EndOfData ? string.Empty : $" ({part.Error})")}");
        }

        // Control bytes in properties separate names and values.
        string properties = Encoding.UTF8.GetString(record.Properties).Replace('\u0001', '=').Replace('\u0002', ' ');
        string shown = RecordJson.Body(record, body) is { } text ? $" body {text}" : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"{part.Offset} {record.TopicString}/{record.QueueId}@{record.QueueOffset} {record.Size} bytes stored {record.StoreTimestamp}{(record.CrcMatches ? string.Empty : " CRC WRONG")} {Printable(properties)}{Printable(shown)}");
    }

    private static string Printable(string text) => string.Concat(text.Select(static character => char.IsControl(character) ? '.' : character));

    private static void Queues(StoreFiles store, DumpRequest wanted, Screen screen, CancellationToken cancellation)
    {
        if (screen.IsJson)
        {
            screen.Json.WriteStartObject("consumequeue"u8);
        }

        foreach (QueueReader queue in store.Queues().Where(queue => wanted.Wants(queue.Topic, queue.QueueId)))
        {
            foreach (QueueFile file in queue.Files)
            {
                cancellation.ThrowIfCancellationRequested();
                QueueFile(queue, file, wanted.Limit, screen);
            }
        }

        if (screen.IsJson)
        {
            screen.Json.WriteEndObject();
        }
    }

    private static void QueueFile(QueueReader queue, QueueFile file, long limit, Screen screen)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{queue.Topic}/{queue.QueueId}/{file.Name}");
        if (screen.IsJson)
        {
            screen.Json.WriteStartObject(name);
            screen.Json.WriteNumber("fileBytes"u8, file.Length);
            screen.Json.WriteStartArray("entries"u8);
        }
        else
        {
            screen.Line($"{name} {file.Length} bytes");
        }

        long first = file.BaseOffset / QueueEntry.EncodedSize;
        long end = first + Math.Min(limit, file.Length / QueueEntry.EncodedSize);
        for (long offset = first; offset < end && queue.TryRead(offset, out QueueEntry entry); offset++)
        {
            if (screen.IsJson)
            {
                screen.Json.WriteStartArray();
                screen.Json.WriteNumberValue(entry.PhysicalOffset);
                screen.Json.WriteNumberValue(entry.Size);
                screen.Json.WriteNumberValue(entry.TagsCode);
                screen.Json.WriteEndArray();
                screen.Advance();
            }
            else
            {
                screen.Line(string.Create(CultureInfo.InvariantCulture, $"  {offset}: {entry.Size} bytes at {entry.PhysicalOffset}, tag code {entry.TagsCode}"));
            }
        }

        if (screen.IsJson)
        {
            screen.Json.WriteEndArray();
            screen.Json.WriteEndObject();
        }
    }

    private static void Checkpoint(StoreFiles store, Screen screen)
    {
        CheckpointContent? checkpoint = store.Checkpoint();
        if (!screen.IsJson)
        {
            screen.Line(checkpoint?.ToString() ?? "no checkpoint, or none that says anything");
            return;
        }

        if (checkpoint is null)
        {
            screen.Json.WriteNull("checkpoint"u8);
            return;
        }

        var json = screen.Json;
        json.WriteStartObject("checkpoint"u8);
        json.WriteNumber("physicMsgTimestamp"u8, checkpoint.PhysicTimestamp);
        json.WriteNumber("logicsMsgTimestamp"u8, checkpoint.LogicsTimestamp);
        json.WriteNumber("indexMsgTimestamp"u8, checkpoint.IndexTimestamp);
        json.WriteNumber("masterFlushedOffset"u8, checkpoint.MasterFlushedOffset);
        json.WriteNumber("confirmPhyOffset"u8, checkpoint.ConfirmOffset);
        json.WriteNumber("recoverOffset"u8, checkpoint.RecoverOffset);
        json.WriteNumber("queueEnds"u8, checkpoint.QueueEnds);
        json.WriteNumber("queueFileEntries"u8, checkpoint.QueueFileEntries);
        json.WriteEndObject();
    }

    private static void Config(StoreFiles store, Screen screen)
    {
        if (screen.IsJson)
        {
            screen.Json.WriteStartObject("config"u8);
        }

        foreach (string name in ConfigCheck.Names(store))
        {
            using JsonDocument? document = ConfigCheck.Read(store, name);
            if (!screen.IsJson)
            {
                screen.Line($"config/{name}: {document?.RootElement.ToString() ?? "cannot be read"}");
                continue;
            }

            screen.Json.WritePropertyName(name);
            if (document is null)
            {
                screen.Json.WriteNullValue();
            }
            else
            {
                document.RootElement.WriteTo(screen.Json);
            }
        }

        if (screen.IsJson)
        {
            screen.Json.WriteEndObject();
        }
    }
}
