using System.Globalization;
using ProtoBridgeMQ.Store.Inspection;
using Spectre.Console;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary><c>store stats</c>.</summary>
internal static class StatsOutput
{
    public static int Run(StoreFiles store, bool exact, int largest, Screen screen, CancellationToken cancellation)
    {
        StatisticsReport report = screen.WithProgress(progress => exact
            ? new StoreStatistics(store, largest).FromRecords(progress, cancellation)
            : new StoreStatistics(store, largest).FromQueues(progress, cancellation));
        if (screen.IsJson)
        {
            WriteJson(report, screen);
        }
        else
        {
            WriteText(store, report, screen);
        }

        return StoreCommand.Sound;
    }

    private static void WriteJson(StatisticsReport report, Screen screen)
    {
        var json = screen.Json;
        json.WriteStartObject();
        json.WriteBoolean("exact"u8, report.IsExact);
        json.WriteNumber("segments"u8, report.Segments);
        json.WriteNumber("segmentBytes"u8, report.SegmentBytes);
        json.WriteNumber("logStart"u8, report.LogStart);
        json.WriteNumber("logEnd"u8, report.LogEnd);
        json.WriteNumber("messages"u8, report.Queues.Sum(static queue => queue.Messages));
        json.WriteNumber("bytes"u8, report.Queues.Sum(static queue => queue.Bytes));
        json.WriteNumber("withoutQueue"u8, report.WithoutQueue);
        json.WriteNumber("firstStoreTime"u8, FirstTime(report.Queues));
        json.WriteNumber("lastStoreTime"u8, LastTime(report.Queues));
        json.WriteStartObject("topics"u8);
        foreach (var topic in report.Queues.GroupBy(static queue => queue.Topic))
        {
            json.WriteStartObject(topic.Key);
            json.WriteNumber("messages"u8, topic.Sum(static queue => queue.Messages));
            json.WriteNumber("bytes"u8, topic.Sum(static queue => queue.Bytes));
            json.WriteNumber("firstStoreTime"u8, FirstTime(topic));
            json.WriteNumber("lastStoreTime"u8, LastTime(topic));
            json.WriteStartObject("queues"u8);
            foreach (QueueStatistics queue in topic)
            {
                json.WriteStartObject(queue.QueueId.ToString(CultureInfo.InvariantCulture));
                json.WriteNumber("min"u8, queue.MinOffset);
                json.WriteNumber("max"u8, queue.MaxOffset);
                json.WriteNumber("messages"u8, queue.Messages);
                json.WriteNumber("bytes"u8, queue.Bytes);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
            screen.Advance();
        }

        json.WriteEndObject();
        json.WriteStartArray("largest"u8);
        foreach (LargeRecord record in report.Largest)
        {
            json.WriteStartObject();
            json.WriteNumber("size"u8, record.Size);
            json.WriteNumber("physicalOffset"u8, record.PhysicalOffset);
            json.WriteString("topic"u8, record.Topic);
            json.WriteNumber("queueId"u8, record.QueueId);
            json.WriteNumber("queueOffset"u8, record.QueueOffset);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteText(StoreFiles store, StatisticsReport report, Screen screen)
    {
        screen.Line(string.Create(CultureInfo.InvariantCulture, $"{store.Directory}: {report.Segments} segments, {report.SegmentBytes} bytes, offsets {report.LogStart} to {report.LogEnd}"));
        screen.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Queues.Sum(static queue => queue.Messages)} messages, stored {Time(FirstTime(report.Queues))} to {Time(LastTime(report.Queues))}{(report.IsExact ? $", {report.WithoutQueue} records without a queue" : string.Empty)}"));
        var table = new Table().Border(TableBorder.Simple).AddColumns("topic", "queue", "first", "end", "messages", "bytes", "first stored", "last stored");
        foreach (QueueStatistics queue in report.Queues)
        {
            table.AddRow(Markup.Escape(queue.Topic), Number(queue.QueueId), Number(queue.MinOffset), Number(queue.MaxOffset), Number(queue.Messages), Number(queue.Bytes), Time(queue.FirstStoreTime), Time(queue.LastStoreTime));
        }

        screen.Console.Write(table);
        if (report.Largest.Count == 0)
        {
            return;
        }

        var large = new Table().Border(TableBorder.Simple).AddColumns("largest", "at", "topic", "queue", "offset");
        foreach (LargeRecord record in report.Largest)
        {
            large.AddRow(Number(record.Size), Number(record.PhysicalOffset), Markup.Escape(record.Topic), Number(record.QueueId), Number(record.QueueOffset));
        }

        screen.Console.Write(large);
    }

    private static long FirstTime(IEnumerable<QueueStatistics> queues) =>
        queues.Where(static queue => queue.FirstStoreTime > 0).Select(static queue => queue.FirstStoreTime).DefaultIfEmpty(0).Min();

    private static long LastTime(IEnumerable<QueueStatistics> queues) => queues.Select(static queue => queue.LastStoreTime).DefaultIfEmpty(0).Max();

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(long unix) =>
        unix is > 0 and < 253402300800000 ? DateTimeOffset.FromUnixTimeMilliseconds(unix).ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : "-";
}
