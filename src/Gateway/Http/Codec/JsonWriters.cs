using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>JSON writers to use again, so that an answer allocates none.</summary>
internal static class JsonWriters
{
    private const int MaxKept = 64;

    private static readonly ConcurrentBag<Utf8JsonWriter> Free = [];

    public static Utf8JsonWriter Rent(IBufferWriter<byte> output)
    {
        if (!Free.TryTake(out Utf8JsonWriter? writer))
            return new Utf8JsonWriter(output, JsonText.Options);

        writer.Reset(output);
        return writer;
    }

    public static void Return(Utf8JsonWriter writer)
    {
        // What was not flushed belongs to a response that failed.
        writer.Reset();
        if (Free.Count < MaxKept)
            Free.Add(writer);
    }
}
