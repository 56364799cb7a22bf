using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>What became of each receipt, as the member <c>results</c>.</summary>
internal static class SettleResultsJson
{
    /// <summary>Writes the member into an object that is open; all settlements have ended.</summary>
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<string> receipts, Task[] settles)
    {
        writer.WriteStartArray("results"u8);
        for (int i = 0; i < settles.Length; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("receipt"u8, receipts[i]);
            writer.WriteBoolean("settled"u8, settles[i].IsCompletedSuccessfully);
            if (settles[i].Exception?.InnerException is { } failure)
            {
                writer.WriteStartObject("error"u8);
                (ProblemDetail.Of(failure) ?? new ProblemDetail(Problem.Internal, failure.Message)).WriteMembers(writer);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
