using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>Reads JSON bodies that fastjson wrote, by making them standard JSON first.</summary>
public static class LenientJson
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="RemotingException">It is not the expected JSON.</exception>
    public static T Read<T>(in ReadOnlySequence<byte> body, JsonTypeInfo<T> type)
        where T : class
    {
        if (body.IsSingleSegment)
            return Read(body.FirstSpan, type);
        var length = checked((int)body.Length);
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            body.CopyTo(rented);
            return Read(rented.AsSpan(0, length), type);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Reads a body.</summary>
    /// <exception cref="RemotingException">It is not the expected JSON.</exception>
    public static T Read<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            // Nearly all bodies are standard JSON: try that first, repair only when it is not.
            return JsonSerializer.Deserialize(body, type) ?? throw Malformed(type.Type, "it is null");
        }
        catch (JsonException)
        {
            return ReadRepaired(body, type);
        }
    }

    /// <summary>Writes a body.</summary>
    public static byte[] Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    private static T ReadRepaired<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            var standard = new ArrayBufferWriter<byte>(body.Length + 64);
            FastjsonRepair.ToStandard(body, standard);
            return JsonSerializer.Deserialize(standard.WrittenSpan, type) ?? throw Malformed(type.Type, "it is null");
        }
        catch (JsonException error)
        {
            throw Malformed(type.Type, error.Message);
        }
    }

    private static RemotingException Malformed(Type type, string why) =>
        new(Protocol.ResponseCode.SystemError, $"the body is not a {type.Name}: {why}");
}
