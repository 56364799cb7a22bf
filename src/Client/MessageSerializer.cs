using System.Buffers;
using System.Text.Json.Serialization.Metadata;
using ProtoBridgeMQ.Client.Serialization;

namespace ProtoBridgeMQ.Client;

/// <summary>The serializers that come with the library.</summary>
public static class MessageSerializer
{
    /// <summary>Bodies as they are.</summary>
    public static IMessageSerializer<ReadOnlyMemory<byte>> Raw { get; } = new RawSerializer();

    /// <summary>JSON by System.Text.Json, without reflection.</summary>
    /// <param name="type">How to read and write the values: of a source-generated context, as <c>MyContext.Default.Order</c>.</param>
    public static IMessageSerializer<T> Json<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new JsonSerializerOf<T>(type);
    }

    /// <summary>
    /// Protocol buffers, or any other form, by two functions: for Google.Protobuf
    /// <c>Protobuf&lt;Order&gt;((order, output) =&gt; order.WriteTo(output), body =&gt; Order.Parser.ParseFrom(body.Span))</c>.
    /// </summary>
    /// <param name="write">Writes a value.</param>
    /// <param name="read">Reads a value; what it throws is the <see cref="FormatException"/>'s inner exception.</param>
    public static IMessageSerializer<T> Protobuf<T>(Action<T, IBufferWriter<byte>> write, Func<ReadOnlyMemory<byte>, T> read)
    {
        ArgumentNullException.ThrowIfNull(write);
        ArgumentNullException.ThrowIfNull(read);
        return new DelegateSerializer<T>("application/x-protobuf", write, read);
    }
}
