using System.Globalization;
using ProtoBridgeMQ.Store.Inspection;
using Spectre.Console;

namespace ProtoBridgeMQ.Broker.StoreTools;

/// <summary><c>store verify</c>.</summary>
internal static class VerifyOutput
{
    public static int Run(StoreFiles store, int maxFindings, Screen screen, CancellationToken cancellation)
    {
        VerifyReport report = screen.WithProgress(progress => new StoreVerifier(store, maxFindings).Run(progress, cancellation));
        ConfigCheck.Run(store, report.Findings);
        if (screen.IsJson)
        {
            WriteJson(store, report, screen);
        }
        else
        {
            WriteText(store, report, screen);
        }

        return report.Findings.Damage == 0 ? StoreCommand.Sound : StoreCommand.Damaged;
    }

    private static void WriteJson(StoreFiles store, VerifyReport report, Screen screen)
    {
        var json = screen.Json;
        json.WriteStartObject();
        json.WriteString("directory"u8, store.Directory);
        json.WriteBoolean("sound"u8, report.Findings.Damage == 0);
        json.WriteBoolean("locked"u8, report.IsLocked);
        json.WriteBoolean("aborted"u8, report.IsAborted);
        json.WriteNumber("segments"u8, report.Segments);
        json.WriteNumber("logStart"u8, report.LogStart);
        json.WriteNumber("logEnd"u8, report.LogEnd);
        json.WriteNumber("records"u8, report.Records);
        json.WriteNumber("recordBytes"u8, report.RecordBytes);
        json.WriteNumber("queues"u8, report.Queues);
        json.WriteNumber("queueEntries"u8, report.QueueEntries);
        json.WriteNumber("indexFiles"u8, report.IndexFiles);
        json.WriteNumber("indexEntries"u8, report.IndexEntries);
        json.WriteNumber("extensionUnits"u8, report.ExtensionUnits);
        json.WriteNumber("lightQueues"u8, report.LightQueues);
        json.WriteNumber("lightQueueEntries"u8, report.LightQueueEntries);
        json.WriteNumber("compactedFiles"u8, report.CompactedFiles);
        json.WriteNumber("compactedRecords"u8, report.CompactedRecords);
        json.WriteNumber("timerUnits"u8, report.TimerUnits);
        json.WriteNumber("damage"u8, report.Findings.Damage);
        json.WriteNumber("repairable"u8, report.Findings.Repairable);
        json.WriteStartObject("kinds"u8);
        foreach (var (kind, count) in report.Findings.ByKind)
        {
            json.WriteNumber(kind, count);
        }

        json.WriteEndObject();
        json.WriteStartArray("findings"u8);
        foreach (Finding finding in report.Findings.Kept)
        {
            json.WriteStartObject();
            json.WriteString("severity"u8, finding.Severity == FindingSeverity.Damage ? "damage"u8 : "repairable"u8);
            json.WriteString("kind"u8, finding.Kind);
            json.WriteString("file"u8, finding.File);
            json.WriteNumber("offset"u8, finding.Offset);
            json.WriteString("detail"u8, finding.Detail);
            json.WriteString("advice"u8, finding.Advice);
            json.WriteEndObject();
            screen.Advance();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteText(StoreFiles store, VerifyReport report, Screen screen)
    {
        screen.Line($"{store.Directory}: {report.Segments} segments, offsets {report.LogStart} to {report.LogEnd}");
        screen.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Records} records ({report.RecordBytes} bytes), {report.Queues} queues with {report.QueueEntries} entries, {report.IndexFiles} index files with {report.IndexEntries} entries"));
        if (report.ExtensionUnits + report.LightQueues + report.CompactedFiles + report.TimerUnits > 0)
        {
            screen.Line(string.Create(CultureInfo.InvariantCulture, $"{report.LightQueues} light queues with {report.LightQueueEntries} entries, {report.CompactedFiles} compacted files with {report.CompactedRecords} records, {report.TimerUnits} units of timers, {report.ExtensionUnits} of queue extensions"));
        }

        if (report.IsLocked)
        {
            screen.Line("A broker runs in it: what it is writing looks unfinished.");
        }
        else if (report.IsAborted)
        {
            screen.Line("It was not closed: its last broker was killed, or the machine stopped.");
        }

        if (report.Findings.Kept.Count > 0)
        {
            var table = new Table().Border(TableBorder.Simple).AddColumn("").AddColumn(new TableColumn("kind").NoWrap()).AddColumn(new TableColumn("file").NoWrap()).AddColumns("byte", "what", "what to do");
            foreach (Finding finding in report.Findings.Kept)
            {
                table.AddRow(
                    finding.Severity == FindingSeverity.Damage ? "[red]damage[/]" : "repairable",
                    Markup.Escape(finding.Kind), Markup.Escape(finding.File), finding.Offset < 0 ? string.Empty : finding.Offset.ToString(CultureInfo.InvariantCulture),
                    Markup.Escape(finding.Detail), Markup.Escape(finding.Advice));
            }

            screen.Console.Write(table);
        }

        long all = report.Findings.Damage + report.Findings.Repairable;
        if (all > report.Findings.Kept.Count)
        {
            screen.Line($"{all - report.Findings.Kept.Count} more: {string.Join(", ", report.Findings.ByKind.Select(kind => $"{kind.Key} {kind.Value}"))} in all.");
        }

        screen.Line(report.Findings.Damage == 0
            ? report.Findings.Repairable == 0 ? "Sound." : $"Sound, but for {report.Findings.Repairable} thing(s) that the next start repairs."
            : $"Damaged: {report.Findings.Damage} finding(s), and {report.Findings.Repairable} that the next start repairs.");
    }
}
