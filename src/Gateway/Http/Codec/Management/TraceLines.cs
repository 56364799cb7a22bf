using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.Gateway.Http.Codec.Management;

/// <summary>
/// Reads the message trace that native clients write: lines ended by U+0002, parts divided by U+0001.
/// <code>
///  Pub            time region group topic id tags keys store-host size cost type offset-id success
///  SubBefore      time region group request-id id retries keys
///  SubAfter       request-id id cost success keys code [time group]
///  EndTransaction time region group topic id tags keys store-host type transaction-id state from-check
/// </code>
/// </summary>
internal static class TraceLines
{
    private const int MaxLines = 1000;

    /// <summary>The steps of one message; lines of other messages, and what is no line, are passed over.</summary>
    public static IReadOnlyList<TraceStep> Read(ReadOnlySpan<byte> text, string messageId)
    {
        List<TraceStep> steps = [];
        string[] lines = Encoding.UTF8.GetString(text).Split('\u0002', MaxLines);
        foreach (string line in lines)
        {
            if (StepOf(line.Split('\u0001'), messageId) is { } step)
                steps.Add(step);
        }

        return steps;
    }

    private static TraceStep? StepOf(string[] parts, string messageId) => parts switch
    {
        ["Pub", var time, _, var group, _, var id, _, _, _, _, var cost, _, _, var success, ..] when id == messageId
            => Step(time, "sent", group, ("milliseconds", cost), ("success", success)),
        ["SubBefore", var time, _, var group, _, var id, var retries, ..] when id == messageId
            => Step(time, "received", group, ("attempt", Attempt(retries))),
        ["SubAfter", _, var id, var cost, var success, _, var code, var time, var group, ..] when id == messageId
            => Step(time, success == "true" ? "handled" : "handling-failed", group, ("milliseconds", cost), ("code", code)),
        ["EndTransaction", var time, _, var group, _, var id, _, _, _, _, _, var state, ..] when id == messageId
            => Step(time, "transaction-ended", group, ("state", state)),
        _ => null,
    };

    private static TraceStep? Step(string time, string step, string group, params (string Name, string Value)[] details)
        => long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds) && milliseconds < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? new TraceStep(
                DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), "remoting", step, group, null, details.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal))
            : null;

    private static string Attempt(string retries)
        => int.TryParse(retries, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? (number + 1).ToString(CultureInfo.InvariantCulture) : retries;
}
