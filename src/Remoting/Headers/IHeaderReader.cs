namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>A typed header that can be read from the wire.</summary>
/// <typeparam name="TSelf">The header itself.</typeparam>
public interface IHeaderReader<TSelf>
    where TSelf : struct, IHeaderReader<TSelf>
{
    /// <summary>Reads the fields; unknown ones are ignored.</summary>
    /// <exception cref="HeaderFieldException">A required field is missing or malformed.</exception>
    static abstract TSelf Read(HeaderFields fields);
}
