namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>A typed header that can put its fields on the wire. Implemented by structs, used through generics.</summary>
public interface IHeaderWriter
{
    /// <summary>Adds the fields that have a value.</summary>
    void Write(HeaderFieldsWriter fields);
}

/// <summary>The header of a command that has no fields object at all.</summary>
public readonly struct NoFields : IHeaderWriter
{
    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
    }
}

/// <summary>The header of a command whose fields object is there and empty: heartbeats, and answers of typed commands.</summary>
public readonly struct EmptyFields : IHeaderWriter
{
    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
    }
}
